"""Knows HTTP, and neither pytest nor selenium: what the cloud says about a WebDriver session."""
