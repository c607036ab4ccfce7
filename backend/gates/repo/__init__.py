"""Reading the checkout: git, files, syntax, tests and processes. No rule lives here."""
