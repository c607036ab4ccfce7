"""Checks of a checkout and its machine, each with the command that repairs it: `./noxw -s doctor`."""
