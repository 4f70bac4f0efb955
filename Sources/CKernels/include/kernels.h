#pragma once
#include "elementary.h"
