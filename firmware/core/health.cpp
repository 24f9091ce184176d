#include "health.hpp"

namespace egiz {

std::string_view Health::word(const HealthFacts& facts) {
    if (facts.safe_mode) return "safe_mode";
    if (!facts.backlog_in_flash) return "flash_failed";
    if (facts.largest_block != 0 && facts.largest_block < least_block) return "low_memory";
    if (!facts.sensors_good) return "sensors_failed";
    if (facts.dropped != 0) return "records_dropped";
    if (!facts.time_synced) return "time_unknown";
    return "ok";
}

}  // namespace egiz
