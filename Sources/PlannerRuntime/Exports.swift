// Shapes and settings are part of what the planner is made of: whoever imports it has them too.

@_exported import ModelLayout
