"""A plugin of toys, so that scenarios can be tested without any real backend."""
