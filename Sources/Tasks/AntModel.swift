// The ant's body as MuJoCo reads it: a ball with four legs of two moving links, eight motors.

extension PlantModel {
  /// Compiled once, shared by all tasks of the ant's family.
  ///
  /// Lengths, ranges and gears are the public figures of the benchmark (Schulman et al.'s quadruped, as in Gym's Ant);
  /// the oracle test holds them against Gymnasium's.
  static let ant = PlantModel(
    mjcf: """
      <mujoco model="ant">
        <compiler angle="degree" inertiafromgeom="true"/>
        <option timestep="0.01" integrator="RK4"/>
        <default>
          <geom type="capsule" size="0.08" density="5" conaffinity="0" condim="3" friction="1 0.5 0.5" margin="0.01"/>
          <joint type="hinge" limited="true" armature="1" damping="1"/>
          <motor ctrllimited="true" ctrlrange="-1 1" gear="150"/>
          <default class="hip">
            <joint axis="0 0 1" range="-30 30"/>
          </default>
          <default class="forward_knee">
            <joint axis="-1 1 0"/>
          </default>
          <default class="sideward_knee">
            <joint axis="1 1 0"/>
          </default>
        </default>
        <worldbody>
          <geom name="floor" type="plane" size="40 40 40" conaffinity="1"/>
          <body name="torso" pos="0 0 0.75">
            <joint name="root" type="free" limited="false" armature="0" damping="0" margin="0.01"/>
            <geom name="trunk" type="sphere" size="0.25"/>
            <body name="leg_1">
              <geom fromto="0 0 0  0.2 0.2 0"/>
              <body name="thigh_1" pos="0.2 0.2 0">
                <joint class="hip" name="hip_1"/>
                <geom fromto="0 0 0  0.2 0.2 0"/>
                <body name="shin_1" pos="0.2 0.2 0">
                  <joint class="forward_knee" name="knee_1" range="30 70"/>
                  <geom fromto="0 0 0  0.4 0.4 0"/>
                </body>
              </body>
            </body>
            <body name="leg_2">
              <geom fromto="0 0 0  -0.2 0.2 0"/>
              <body name="thigh_2" pos="-0.2 0.2 0">
                <joint class="hip" name="hip_2"/>
                <geom fromto="0 0 0  -0.2 0.2 0"/>
                <body name="shin_2" pos="-0.2 0.2 0">
                  <joint class="sideward_knee" name="knee_2" range="-70 -30"/>
                  <geom fromto="0 0 0  -0.4 0.4 0"/>
                </body>
              </body>
            </body>
            <body name="leg_3">
              <geom fromto="0 0 0  -0.2 -0.2 0"/>
              <body name="thigh_3" pos="-0.2 -0.2 0">
                <joint class="hip" name="hip_3"/>
                <geom fromto="0 0 0  -0.2 -0.2 0"/>
                <body name="shin_3" pos="-0.2 -0.2 0">
                  <joint class="forward_knee" name="knee_3" range="-70 -30"/>
                  <geom fromto="0 0 0  -0.4 -0.4 0"/>
                </body>
              </body>
            </body>
            <body name="leg_4">
              <geom fromto="0 0 0  0.2 -0.2 0"/>
              <body name="thigh_4" pos="0.2 -0.2 0">
                <joint class="hip" name="hip_4"/>
                <geom fromto="0 0 0  0.2 -0.2 0"/>
                <body name="shin_4" pos="0.2 -0.2 0">
                  <joint class="sideward_knee" name="knee_4" range="30 70"/>
                  <geom fromto="0 0 0  0.4 -0.4 0"/>
                </body>
              </body>
            </body>
          </body>
        </worldbody>
        <actuator>
          <motor joint="hip_4"/>
          <motor joint="knee_4"/>
          <motor joint="hip_1"/>
          <motor joint="knee_1"/>
          <motor joint="hip_2"/>
          <motor joint="knee_2"/>
          <motor joint="hip_3"/>
          <motor joint="knee_3"/>
        </actuator>
      </mujoco>
      """)
}
