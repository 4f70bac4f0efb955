#include "realtime_sanitizer.h"
