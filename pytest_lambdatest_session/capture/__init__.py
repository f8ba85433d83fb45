"""Knows selenium's shape and no HTTP: which test used which WebDriver session."""
