"""The built-in terminations, one a module; each is registered by the module's name."""
