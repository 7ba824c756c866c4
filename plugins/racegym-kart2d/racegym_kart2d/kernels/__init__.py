"""Kernels of the planar backend. Floats and arrays only.

- ``columns``: what the columns of the ``parameters`` array mean, and the numbers that all
  vehicles share;
- ``records``: the arrays that kernels take, grouped;
- ``functions``: arctangent, sine and rotations that give the same bits on every machine;
- ``single_track``: forces on a car and the derivative of its motion;
- ``integrators``: one substep, implicit or by Runge-Kutta;
- ``ground``: what the wheels stand on, and walls;
- ``acting``: pedals, effects and surfaces, gathered for one car;
- ``report``: what a car's state says of its wheels;
- ``step``: the loops over races and cars.
"""
