"""What the template tags draw with: looks of states, formats of values, geometry of charts, the rail."""
