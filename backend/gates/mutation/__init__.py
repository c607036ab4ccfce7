"""The gate of the session `mutants`: do tests fail when the code that they run is changed?"""
