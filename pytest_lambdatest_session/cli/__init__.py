"""The command: `show` asks about sessions by id, `join` makes one page or file of several runs' sessions files."""
