#include "environmental_source.hpp"

namespace egiz::sensors {

void EnvironmentalSource::sample(std::uint64_t monotonic_ms, Reading& out) {
    out.kind = SensorKind::environmental;
    const Bme280Sample air = bme280_.sample(monotonic_ms);
    out.environmental.temperature = temperature_.push(divided(air.temperature, 10));
    out.environmental.humidity = humidity_.push(divided(air.humidity, 10));
    out.environmental.pressure = pressure_.push(air.pressure);
    // The SCD41 averages by itself and repeats its value for five seconds: a median over repetitions filters nothing.
    out.environmental.co2 = scd41_.sample(monotonic_ms, air.pressure);
}

void EnvironmentalSource::configure(std::uint8_t filter_window) {
    temperature_.set_window(filter_window);
    humidity_.set_window(filter_window);
    pressure_.set_window(filter_window);
}

bool Bme280Driver::find() {
    for (const std::uint8_t address : {bme280_address_low, bme280_address_high}) {
        std::array<std::uint8_t, 1> id{};
        if (!i2c_.write_read(address, std::array{bme280_register::chip_id}, id) || id[0] != bme280_chip_id) continue;
        std::array<std::uint8_t, bme280_trimming_low_size> low{};
        std::array<std::uint8_t, bme280_trimming_high_size> high{};
        if (!i2c_.write_read(address, std::array{bme280_register::trimming_low}, low)) continue;
        if (!i2c_.write_read(address, std::array{bme280_register::trimming_high}, high)) continue;
        trimming_ = bme280_trimming(low, high);
        address_ = address;
        if (trimming_) return true;
    }
    return false;
}

bool Bme280Driver::measure(Bme280Sample& sample) {
    const std::array<std::uint8_t, 4> settings = {bme280_register::control_humidity, bme280_humidity_once,
                                                  bme280_register::control_measure, bme280_measure_once};
    if (!i2c_.write(address_, settings)) return false;
    pause_.wait_ms(bme280_measure_ms);
    std::array<std::uint8_t, 1> status{};
    if (!i2c_.write_read(address_, std::array{bme280_register::status}, status)) return false;
    if ((status[0] & bme280_busy_bits) != 0) return false;
    std::array<std::uint8_t, bme280_data_size> data{};
    if (!i2c_.write_read(address_, std::array{bme280_register::data}, data)) return false;
    sample = bme280_decode(data, *trimming_);
    return true;
}

Bme280Sample Bme280Driver::sample(std::uint64_t now_ms) {
    Bme280Sample sample;
    bool answered = false;
    if (presence_.due(now_ms)) {
        answered = (trimming_ || find()) && measure(sample);
        if (answered) {
            presence_.answered();
        } else {
            presence_.failed(now_ms);
            // Another part may be plugged in its place: its trimming values are its own.
            trimming_.reset();
        }
    }
    if (answered) return sample;
    const Measured none = Measured::bad(presence_.reason());
    return {none, none, none};
}

bool Scd41Driver::read(Scd41Command command, MutableBytes answer) {
    if (!i2c_.write(scd41_address, scd41_command(command))) return false;
    pause_.wait_ms(scd41_command_ms);
    return i2c_.read(scd41_address, answer).ok();
}

bool Scd41Driver::start(std::uint64_t now_ms) {
    if (state_ == State::unknown) {
        // After a restart of the board alone the part is still measuring and would refuse to start again.
        if (!i2c_.write(scd41_address, scd41_command(Scd41Command::stop_periodic))) return false;
        stopped_ms_ = now_ms;
        state_ = State::stopping;
        return true;
    }
    if (now_ms - stopped_ms_ < scd41_stop_ms) return true;
    if (!i2c_.write(scd41_address, scd41_command(Scd41Command::start_periodic))) return false;
    started_ms_ = now_ms;
    told_hpa_ = 0;
    state_ = State::measuring;
    return true;
}

bool Scd41Driver::compensate(Measured pressure) {
    if (pressure.quality != Quality::ok) return true;
    const auto hpa = static_cast<std::uint16_t>(scaled(pressure.raw, 1, 100));
    const int moved = hpa > told_hpa_ ? hpa - told_hpa_ : told_hpa_ - hpa;
    if (moved < 2) return true;
    if (!i2c_.write(scd41_address, scd41_command_with(Scd41Command::ambient_pressure, hpa))) return false;
    pause_.wait_ms(scd41_command_ms);
    told_hpa_ = hpa;
    return true;
}

bool Scd41Driver::fetch(std::uint64_t now_ms) {
    std::array<std::uint8_t, scd41_word_size> ready{};
    if (!read(Scd41Command::data_ready, ready)) return false;
    const Scd41Ready state = scd41_data_ready(ready);
    if (state != Scd41Ready::yes) return state == Scd41Ready::no;
    std::array<std::uint8_t, scd41_measurement_size> frame{};
    if (!read(Scd41Command::read_measurement, frame)) return false;
    const Scd41Sample sample = scd41_decode(frame);
    if (sample.co2.quality == Quality::comm_error) return false;
    const bool warming = now_ms - started_ms_ < scd41_warm_up_ms;
    co2_.store(warming ? with_quality(sample.co2, Quality::uncalibrated) : sample.co2, now_ms);
    return true;
}

bool Scd41Driver::advance(std::uint64_t now_ms, Measured pressure) {
    if (state_ != State::measuring) return start(now_ms);
    return compensate(pressure) && fetch(now_ms);
}

Measured Scd41Driver::sample(std::uint64_t now_ms, Measured pressure) {
    if (!presence_.due(now_ms)) return Measured::bad(presence_.reason());
    if (advance(now_ms, pressure)) {
        presence_.answered();
        const Measured latest = co2_.at(now_ms);
        // Until the first value of this start there is none, but the part is there and warming up.
        return latest.quality == Quality::absent ? Measured::bad(Quality::uncalibrated) : latest;
    }
    presence_.failed(now_ms);
    const Quality reason = presence_.reason();
    if (!presence_.due(now_ms)) {
        // Gone for longer than by chance: begin again from the start when it is back.
        state_ = State::unknown;
        co2_.store(Measured::bad(Quality::absent), now_ms);
    }
    return Measured::bad(reason);
}

}  // namespace egiz::sensors
