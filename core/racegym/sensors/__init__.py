"""The built-in sensors, one a module; each is registered by the module's name."""
