"""pytest-html's report: what stands in its rows, their details and its summary."""
