"""The built-in reward terms, one a module; each is registered by the module's name.

A term for something good is positive and one for something bad is negative, so that every
weight in a scenario is positive. Terms have units, and their sum over a race does not
depend on the control interval, except where a term says so.
"""
