// The walker's body as MuJoCo reads it: a torso on two legs of two links with feet, six motors.

extension PlantModel {
  /// The robot whose numbers the tasks of the family multiply.
  ///
  /// Lengths, ranges and gears are the public figures of the benchmark (Erez et al.'s walker, as in Gym's Walker2d,
  /// with feet of unequal friction); the oracle test holds them against Gymnasium's. The family's timestep is 4 ms
  /// where Gym's is 2.
  static let walker = PlantModel(
    mjcf: """
      <mujoco model="walker">
        <compiler angle="degree" inertiafromgeom="true"/>
        <option timestep="0.004" integrator="RK4"/>
        <default>
          <geom type="capsule" size="0.05" conaffinity="0" contype="1" condim="3" density="1000" \
      friction="0.9 0.1 0.1"/>
          <joint type="hinge" axis="0 -1 0" limited="true" armature="0.01" damping="0.1"/>
          <motor ctrllimited="true" ctrlrange="-1 1" gear="100"/>
          <default class="root">
            <joint limited="false" armature="0" damping="0"/>
          </default>
        </default>
        <worldbody>
          <geom name="floor" type="plane" size="40 40 40" conaffinity="1" friction="0.7 0.1 0.1"/>
          <body name="torso" pos="0 0 1.25">
            <joint class="root" name="root_x" type="slide" axis="1 0 0" pos="0 0 -1.25"/>
            <joint class="root" name="root_z" type="slide" axis="0 0 1" pos="0 0 -1.25" ref="1.25"/>
            <joint class="root" name="pitch" axis="0 1 0"/>
            <geom name="torso" size="0.05 0.2"/>
            <body name="right_thigh" pos="0 0 -0.2">
              <joint name="right_hip" range="-150 0"/>
              <geom name="right_thigh" pos="0 0 -0.225" size="0.05 0.225"/>
              <body name="right_leg" pos="0 0 -0.7">
                <joint name="right_knee" pos="0 0 0.25" range="-150 0"/>
                <geom name="right_leg" size="0.04 0.25"/>
                <body name="right_foot" pos="0.2 0 -0.35">
                  <joint name="right_ankle" pos="-0.2 0 0.1" range="-45 45"/>
                  <geom name="right_foot" pos="-0.1 0 0.1" axisangle="0 1 0 -90" size="0.06 0.1"/>
                </body>
              </body>
            </body>
            <body name="left_thigh" pos="0 0 -0.2">
              <joint name="left_hip" range="-150 0"/>
              <geom name="left_thigh" pos="0 0 -0.225" size="0.05 0.225"/>
              <body name="left_leg" pos="0 0 -0.7">
                <joint name="left_knee" pos="0 0 0.25" range="-150 0"/>
                <geom name="left_leg" size="0.04 0.25"/>
                <body name="left_foot" pos="0.2 0 -0.35">
                  <joint name="left_ankle" pos="-0.2 0 0.1" range="-45 45"/>
                  <geom name="left_foot" pos="-0.1 0 0.1" axisangle="0 1 0 -90" size="0.06 0.1" friction="1.9 0.1 0.1"/>
                </body>
              </body>
            </body>
          </body>
        </worldbody>
        <actuator>
          <motor joint="right_hip"/>
          <motor joint="right_knee"/>
          <motor joint="right_ankle"/>
          <motor joint="left_hip"/>
          <motor joint="left_knee"/>
          <motor joint="left_ankle"/>
        </actuator>
      </mujoco>
      """)
}
