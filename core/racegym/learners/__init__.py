"""Bridges to other people's learners. Each imports its library when it is used.

``racegym.learners.sb3``   a batch of races for stable-baselines3
``racegym.learners.onnx``  a learned policy as a file that the driver ``onnx`` drives with
``racegym.learners.sb3_ppo``  stable-baselines3's PPO as the trainer ``sb3_ppo``
"""

from __future__ import annotations

from racegym.learners.onnx import export_onnx

__all__ = ["export_onnx"]
