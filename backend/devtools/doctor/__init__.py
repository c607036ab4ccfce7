"""`./noxw -s doctor`: checks of a checkout and its machine, each with the command that repairs it."""
