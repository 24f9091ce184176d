// Sampling at the rate of the PRD, publishing at the configured interval, and at once when something switched.
#include <algorithm>

#include "board.hpp"
#include "plausible.hpp"

namespace egiz {
namespace {

std::uint64_t sampling_ms(SensorKind kind, std::uint16_t telemetry_interval_s) {
    // Environmental values move slowly (0.1 Hz); a shorter telemetry interval needs samples as often.
    if (kind == SensorKind::environmental) return std::min<std::uint64_t>(10'000, std::uint64_t{telemetry_interval_s} * 1000);
    return 1000;
}

// The next multiple of a period, without catching up on what was missed.
std::uint64_t advance(std::uint64_t due, std::uint64_t period, std::uint64_t now) {
    due += period;
    return due > now ? due : now + period;
}

}  // namespace

void Board::telemetry_step(std::uint64_t now) {
    if (guard_.safe_mode() || now < next_sample_) return;
    const std::uint16_t interval_s = config_.active().settings.telemetry_interval_s;
    next_sample_ = advance(next_sample_, sampling_ms(ports_.sensors.kind(), interval_s), now);
    reading_ = {};
    reading_.kind = ports_.sensors.kind();
    ports_.sensors.sample(now, reading_);
    // A source cannot change what it is: the topic and the payload's sensor_type depend on it.
    reading_.kind = ports_.sensors.kind();
    mark_implausible(reading_);
    const bool due = now >= next_publish_;
    if (!due && !changed_at_once()) return;
    if (due) next_publish_ = advance(next_publish_, std::uint64_t{interval_s} * 1000, now);
    record_sample(now);
    sampled_ = true;
}

// PRD: setpoint and heating element status are sent on change.
bool Board::changed_at_once() const {
    if (reading_.kind != SensorKind::thermal) return false;
    return reading_.thermal.heating != published_.thermal.heating || reading_.thermal.setpoint != published_.thermal.setpoint;
}

void Board::record_sample(std::uint64_t now) {
    Record record;
    record.seq = ++telemetry_seq_;
    record.boot_id = boot_id_;
    record.time_ms = time_.now_ms();
    record.time_valid = time_.synced();
    record.rssi = ports_.network.rssi();
    record.uptime_s = static_cast<std::uint32_t>(now / 1000);
    record.reading = reading_;
    published_ = reading_;
    RecordBytes bytes;
    encode(record, bytes);
    publisher_.push(bytes);
}

}  // namespace egiz
