"""Front door: the options, and which plugins are registered in which process."""
