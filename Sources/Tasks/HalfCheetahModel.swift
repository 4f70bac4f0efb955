// The half-cheetah's body as MuJoCo reads it: a torso with a head, a back and a front leg of three links, six motors.

extension PlantModel {
  /// Compiled once, shared by all tasks of the half-cheetah's families.
  ///
  /// Lengths, angles, gears, stiffness and damping are the public figures of the benchmark (Wawrzyński's planar robot,
  /// as in Gym's HalfCheetah); the oracle test holds them against Gymnasium's.
  static let halfCheetah = PlantModel(
    mjcf: """
      <mujoco model="half-cheetah">
        <compiler angle="radian" inertiafromgeom="true" settotalmass="14"/>
        <option timestep="0.01" gravity="0 0 -9.81"/>
        <default>
          <geom type="capsule" size="0.046" contype="1" conaffinity="0" condim="3" friction="0.4 0.1 0.1"
                solref="0.02 1" solimp="0 0.8 0.01"/>
          <joint type="hinge" axis="0 1 0" limited="true" armature="0.1" solreflimit="0.02 1" solimplimit="0 0.8 0.03"/>
          <motor ctrllimited="true" ctrlrange="-1 1"/>
          <default class="root">
            <joint limited="false" armature="0" damping="0" stiffness="0"/>
          </default>
        </default>
        <worldbody>
          <geom name="floor" type="plane" size="40 40 40" conaffinity="1"/>
          <body name="torso" pos="0 0 0.7">
            <joint class="root" name="root_x" type="slide" axis="1 0 0"/>
            <joint class="root" name="root_z" type="slide" axis="0 0 1"/>
            <joint class="root" name="pitch"/>
            <geom name="trunk" fromto="-0.5 0 0  0.5 0 0"/>
            <geom name="head" pos="0.6 0 0.1" axisangle="0 1 0 0.87" size="0.046 0.15"/>
            <body name="back_thigh" pos="-0.5 0 0">
              <joint name="back_hip" range="-0.52 1.05" stiffness="240" damping="6"/>
              <geom pos="0.1 0 -0.13" axisangle="0 1 0 -3.8" size="0.046 0.145"/>
              <body name="back_shin" pos="0.16 0 -0.25">
                <joint name="back_knee" range="-0.785 0.785" stiffness="180" damping="4.5"/>
                <geom pos="-0.14 0 -0.07" axisangle="0 1 0 -2.03" size="0.046 0.15"/>
                <body name="back_foot" pos="-0.28 0 -0.14">
                  <joint name="back_ankle" range="-0.4 0.785" stiffness="120" damping="3"/>
                  <geom pos="0.03 0 -0.097" axisangle="0 1 0 -0.27" size="0.046 0.094"/>
                </body>
              </body>
            </body>
            <body name="front_thigh" pos="0.5 0 0">
              <joint name="front_hip" range="-1 0.7" stiffness="180" damping="4.5"/>
              <geom pos="-0.07 0 -0.12" axisangle="0 1 0 0.52" size="0.046 0.133"/>
              <body name="front_shin" pos="-0.14 0 -0.24">
                <joint name="front_knee" range="-1.2 0.87" stiffness="120" damping="3"/>
                <geom pos="0.065 0 -0.09" axisangle="0 1 0 -0.6" size="0.046 0.106"/>
                <body name="front_foot" pos="0.13 0 -0.18">
                  <joint name="front_ankle" range="-0.5 0.5" stiffness="60" damping="1.5"/>
                  <geom pos="0.045 0 -0.07" axisangle="0 1 0 -0.6" size="0.046 0.07"/>
                </body>
              </body>
            </body>
          </body>
        </worldbody>
        <actuator>
          <motor joint="back_hip" gear="120"/>
          <motor joint="back_knee" gear="90"/>
          <motor joint="back_ankle" gear="60"/>
          <motor joint="front_hip" gear="120"/>
          <motor joint="front_knee" gear="60"/>
          <motor joint="front_ankle" gear="30"/>
        </actuator>
      </mujoco>
      """)
}
