#pragma once

// Starts the thread that writes, if it does not run yet.
void console_start_saying(void);
