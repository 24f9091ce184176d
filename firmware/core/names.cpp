// The words that statuses and payloads use for the enumerations of result.hpp, reading.hpp and ports.hpp.
#include "ports.hpp"

namespace egiz {

std::string_view to_string(Err e) {
    switch (e) {
        case Err::ok: return "ok";
        case Err::not_found: return "not_found";
        case Err::no_space: return "no_space";
        case Err::io: return "io";
        case Err::timeout: return "timeout";
        case Err::bad_argument: return "bad_argument";
        case Err::corrupt: return "corrupt";
        case Err::unsupported: return "unsupported";
        case Err::busy: return "busy";
        case Err::not_connected: return "not_connected";
        case Err::denied: return "denied";
    }
    return "unknown";
}

std::string_view to_string(Quality q) {
    switch (q) {
        case Quality::ok: return "ok";
        case Quality::absent: return "absent";
        case Quality::comm_error: return "comm_error";
        case Quality::out_of_range: return "out_of_range";
        case Quality::fault: return "fault";
        case Quality::stale: return "stale";
        case Quality::uncalibrated: return "uncalibrated";
    }
    return "unknown";
}

std::string_view to_string(SensorKind k) {
    switch (k) {
        case SensorKind::electrical: return "electrical";
        case SensorKind::thermal: return "thermal";
        case SensorKind::environmental: return "environmental";
    }
    return "unknown";
}

std::string_view to_string(ResetReason r) {
    switch (r) {
        case ResetReason::unknown: return "unknown";
        case ResetReason::power_on: return "power_on";
        case ResetReason::software: return "software";
        case ResetReason::panic: return "panic";
        case ResetReason::task_watchdog: return "task_watchdog";
        case ResetReason::interrupt_watchdog: return "interrupt_watchdog";
        case ResetReason::brownout: return "brownout";
        case ResetReason::deep_sleep: return "deep_sleep";
        case ResetReason::external: return "external";
    }
    return "unknown";
}

}  // namespace egiz
