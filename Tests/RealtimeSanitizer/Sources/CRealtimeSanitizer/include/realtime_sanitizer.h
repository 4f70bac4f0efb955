// Where real time begins and ends, for the sanitizer's runtime: between the two, every call that may block or allocate
// is reported and ends the program.
#pragma once

void __rtsan_realtime_enter(void);
void __rtsan_realtime_exit(void);
