// One number that can be read from a simulated robot.

/// One number that can be read from a simulated robot.
enum Reading: Equatable, Sendable {
  /// What has a place in the world.
  enum Frame: Equatable, Sendable {
    case body(Int)
    case site(Int)
  }

  /// Entry of the generalised positions, of the velocities, and the sine and cosine of a position.
  case position(Int)
  case velocity(Int)
  case sine(Int)
  case cosine(Int)
  /// Along one axis of the world: where it is, and where it is as seen from another frame [m].
  case place(Frame, axis: Int)
  case offset(Frame, from: Frame, axis: Int)
  /// Entry of the quaternion w, x, y, z of a body.
  case attitude(body: Int, entry: Int)
  case linearVelocity(Frame, axis: Int)
  case angularVelocity(Frame, axis: Int)
  /// Cosine of the angle between a body's z axis and the vertical.
  case upright(body: Int)
  /// Entry of all sensors' data.
  case sensor(Int)

  /// It follows from positions and velocities by MuJoCo's kinematics, which must be brought up to them.
  var isDerived: Bool {
    switch self {
    case .position, .velocity, .sine, .cosine: false
    default: true
    }
  }
}
