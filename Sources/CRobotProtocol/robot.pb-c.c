typedef int robot_protocol_empty;
