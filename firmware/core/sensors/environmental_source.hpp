// An environmental board: BME280 and SCD41 on one I2C bus, either of which may be missing.
#pragma once

#include <optional>

#include "../ports.hpp"
#include "bme280.hpp"
#include "filter.hpp"
#include "pause.hpp"
#include "scd41.hpp"

namespace egiz::sensors {

class Bme280Driver {
  public:
    Bme280Driver(I2cBus& i2c, Pause& pause) : i2c_(i2c), pause_(pause) {}
    Bme280Sample sample(std::uint64_t now_ms);

  private:
    bool find();
    bool measure(Bme280Sample& sample);

    I2cBus& i2c_;
    Pause& pause_;
    std::optional<Bme280Trimming> trimming_;
    std::uint8_t address_ = bme280_address_low;
    Presence presence_;
};

class Scd41Driver {
  public:
    Scd41Driver(I2cBus& i2c, Pause& pause) : i2c_(i2c), pause_(pause) {}
    // `pressure`: Pa of the air around, if known; the CO2 reading depends on it (about 1 % for each 10 hPa).
    Measured sample(std::uint64_t now_ms, Measured pressure);

  private:
    enum class State : std::uint8_t { unknown, stopping, measuring };
    bool advance(std::uint64_t now_ms, Measured pressure);
    bool start(std::uint64_t now_ms);
    bool fetch(std::uint64_t now_ms);
    bool compensate(Measured pressure);
    bool read(Scd41Command command, MutableBytes answer);

    I2cBus& i2c_;
    Pause& pause_;
    Freshness co2_{3 * scd41_period_ms};
    Presence presence_;
    State state_ = State::unknown;
    std::uint64_t stopped_ms_ = 0;
    std::uint64_t started_ms_ = 0;
    std::uint16_t told_hpa_ = 0;
};

class EnvironmentalSource final : public SensorSource {
  public:
    EnvironmentalSource(I2cBus& i2c, Pause& pause) : bme280_(i2c, pause), scd41_(i2c, pause) {}
    SensorKind kind() override { return SensorKind::environmental; }
    // At most 15 ms of waiting.
    void sample(std::uint64_t monotonic_ms, Reading& out) override;
    void configure(std::uint8_t filter_window) override;

  private:
    Bme280Driver bme280_;
    Scd41Driver scd41_;
    MedianFilter temperature_;
    MedianFilter humidity_;
    MedianFilter pressure_;
};

}  // namespace egiz::sensors
