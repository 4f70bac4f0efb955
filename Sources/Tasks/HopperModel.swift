// The hopper's body as MuJoCo reads it: a torso on one leg of two links with a foot, three motors.

extension PlantModel {
  /// The robot whose numbers the tasks of the family multiply.
  ///
  /// Lengths, ranges and gears are the public figures of the benchmark (Erez et al.'s hopper, as in Gym's); the oracle
  /// test holds them against Gymnasium's. The family's timestep is 4 ms where Gym's is 2.
  static let hopper = PlantModel(
    mjcf: """
      <mujoco model="hopper">
        <compiler angle="degree" inertiafromgeom="true"/>
        <option timestep="0.004" integrator="RK4"/>
        <default>
          <geom type="capsule" size="0.05" conaffinity="1" contype="1" condim="1" friction="0.9" margin="0.001"
                solref="0.02 1" solimp="0.8 0.8 0.01"/>
          <joint type="hinge" axis="0 -1 0" limited="true" armature="1" damping="1"/>
          <motor ctrllimited="true" ctrlrange="-1 1" gear="200"/>
          <default class="root">
            <joint limited="false" armature="0" damping="0"/>
          </default>
        </default>
        <worldbody>
          <geom name="floor" type="plane" size="20 20 0.125" condim="3" friction="1"/>
          <body name="torso" pos="0 0 1.25">
            <joint class="root" name="root_x" type="slide" axis="1 0 0" pos="0 0 -1.25"/>
            <joint class="root" name="root_z" type="slide" axis="0 0 1" pos="0 0 -1.25" ref="1.25"/>
            <joint class="root" name="pitch" axis="0 1 0"/>
            <geom name="torso" size="0.05 0.2"/>
            <body name="thigh" pos="0 0 -0.2">
              <joint name="hip" range="-150 0"/>
              <geom name="thigh" pos="0 0 -0.225" size="0.05 0.225"/>
              <body name="leg" pos="0 0 -0.7">
                <joint name="knee" pos="0 0 0.25" range="-150 0"/>
                <geom name="leg" size="0.04 0.25"/>
                <body name="foot" pos="0.13 0 -0.35">
                  <joint name="ankle" pos="-0.13 0 0.1" range="-45 45"/>
                  <geom name="foot" pos="-0.065 0 0.1" axisangle="0 1 0 -90" size="0.06 0.195" friction="2"/>
                </body>
              </body>
            </body>
          </body>
        </worldbody>
        <actuator>
          <motor joint="hip"/>
          <motor joint="knee"/>
          <motor joint="ankle"/>
        </actuator>
      </mujoco>
      """)
}
