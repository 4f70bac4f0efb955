// Shapes, settings and the random source are part of what a planner is made of: importing it imports them too.

@_exported import Foundations
@_exported import ModelLayout
