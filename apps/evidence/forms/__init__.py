"""Shapes of what people enter about evidence. What it means is checked by the actions."""
