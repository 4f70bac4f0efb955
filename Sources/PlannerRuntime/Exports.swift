// Shapes, settings and the random source are part of what the planner is made of: whoever imports it has them too.

@_exported import Foundations
@_exported import ModelLayout
