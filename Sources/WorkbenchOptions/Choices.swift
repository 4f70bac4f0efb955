// Choices of the libraries that can be given on the command line by name.

import ArgumentParser
import DataCollection
import Evaluation
import Tasks
import TestStand

extension Quality: ExpressibleByArgument {}
extension TaskSplit: ExpressibleByArgument {}
extension WarmStartSource: ExpressibleByArgument {}
extension StandProcesses.Part: ExpressibleByArgument {}
