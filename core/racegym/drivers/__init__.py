"""The built-in drivers, one a module; each is registered by the module's name."""
