// The last gate before a value becomes a record: what no such equipment can show is marked, not published.
#pragma once

#include "reading.hpp"

namespace egiz {

// Values outside the limits of the payload schemas lose their number and get out_of_range.
void mark_implausible(Reading& reading);
// Whether anything of the reading's kind can be published.
bool any_good(const Reading& reading);

}  // namespace egiz
