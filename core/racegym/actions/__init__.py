"""The built-in action maps, one a module; each is registered by the module's name.

``inverting`` holds what their inverses share.
"""
