// A simulated robot that takes its family's tasks, and drives itself as its expert does.

import DataCollection
import Tasks
import TestStand

extension RequestedTasks {
  /// The tasks of one of `family`'s splits. The robot knows random, and expert and medium where there is an expert
  /// file: `expertPath`, or else the one that ships.
  package init(_ family: TaskFamily, _ split: TaskSplit, expertPath: String?) throws {
    var behaviours = ["random": try Behaviour.random(family).makePolicy()]
    if try expertPath != nil || ShippedFiles.own.path(ShippedFiles.expert(family.name)) != nil {
      behaviours["expert"] = try family.yardstick(expertPath: expertPath).makePolicy()
      behaviours["medium"] = try family.behaviour(.medium, expertPath: expertPath).makePolicy()
    }
    self.init(tasks: try family.someTasks(split), behaviours: behaviours)
  }
}
