// Sensors of an imagined machine that behaves like a real one: an oven or mixer with a shift rhythm, thermal inertia
// and a hysteresis controller, mains that wander, air that follows the day. Every board of a fleet has its own seed.
#pragma once

#include <array>
#include <cstdint>

#include "ports.hpp"

namespace egiz::host {

class Noise {
  public:
    explicit Noise(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
    double uniform();               // [0, 1)
    double gaussian(double sigma);  // mean 0

  private:
    std::uint64_t state_;
};

class SimulatedSensors final : public SensorSource {
  public:
    SimulatedSensors(SensorKind kind, std::uint64_t seed);

    SensorKind kind() override { return kind_; }
    void sample(std::uint64_t monotonic_ms, Reading& out) override;
    void configure(std::uint8_t filter_window) override { window_ = filter_window; }

  private:
    static constexpr std::size_t zones = 3;

    void advance(double seconds, double day_seconds);
    void electrical(double day_seconds, double epoch_seconds, ElectricalReading& out);
    void thermal(ThermalReading& out);
    void environmental(double day_seconds, EnvironmentalReading& out);
    [[nodiscard]] double load(double day_seconds) const;
    [[nodiscard]] double smoothed(double sigma);

    SensorKind kind_;
    Noise noise_;
    std::uint8_t window_ = 1;
    double size_;        // of the machine: scales power and heat
    double phase_;       // shifts its rhythm against the others
    double mains_ = 0;   // slow wander of the mains voltage, V
    double grid_ = 0;    // of the frequency, Hz
    double co2_ = 450;
    double setpoint_ = 190;
    bool heating_ = true;
    std::array<double, zones> temperature_{};
    std::uint64_t last_ms_ = 0;
    bool started_ = false;
};

}  // namespace egiz::host
