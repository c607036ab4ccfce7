"""The gates of the session `contract`: the OpenAPI document, and routes bound to schemas and policy."""
