"""Paths and requests of the API."""

API = "/api/v1"
