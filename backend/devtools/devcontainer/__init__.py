"""`./noxw -s devcontainer`: builds the development container and works in it, as a newcomer would."""
