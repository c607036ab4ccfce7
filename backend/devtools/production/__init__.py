"""`./noxw -s production`: builds the production image, runs `compose.production.yaml` and operates it."""
