"""The gate of the session `audit`: known vulnerabilities of the locked versions."""
