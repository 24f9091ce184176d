#include "simulated_sensors.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace egiz::host {
namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double day_s = 86'400;

double wave(double at, double period) { return std::sin(2 * pi * at / period); }

Measured fixed(double value, double scale) { return Measured::good(static_cast<std::int32_t>(std::lround(value * scale))); }

double epoch_now() {
    using std::chrono::duration;
    using std::chrono::system_clock;
    return duration<double>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

double Noise::uniform() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<double>(state_ >> 11) / 9007199254740992.0;
}

double Noise::gaussian(double sigma) {
    // The sum of twelve uniforms is near enough to normal and has no tails that a sensor could not show.
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform();
    return sum * sigma;
}

SimulatedSensors::SimulatedSensors(SensorKind kind, std::uint64_t seed) : kind_(kind), noise_(seed), size_(0.5 + noise_.uniform()), phase_(noise_.uniform() * day_s) {
    setpoint_ = 170 + 5 * std::floor(noise_.uniform() * 9);
    for (double& t : temperature_) t = setpoint_ - 4 + 8 * noise_.uniform();
}

// A median over `window_` samples narrows the noise; the simulation goes straight to the result.
double SimulatedSensors::smoothed(double sigma) { return noise_.gaussian(sigma / std::sqrt(static_cast<double>(window_))); }

// Share of full power: idle at night, a batch cycle of twenty minutes during two shifts.
double SimulatedSensors::load(double day_seconds) const {
    const double hour = day_seconds / 3600;
    const bool shift = hour >= 6 && hour < 22;
    return shift ? 0.7 + 0.25 * wave(day_seconds + phase_, 1200) : 0.15;
}

void SimulatedSensors::advance(double seconds, double day_seconds) {
    mains_ = std::clamp(mains_ + noise_.gaussian(0.15) * std::sqrt(seconds), -6.0, 6.0);
    grid_ = std::clamp(grid_ * 0.98 + noise_.gaussian(0.004), -0.08, 0.08);
    // Recipes change on the half hour.
    const double recipe = std::floor((day_seconds + phase_) / 1800);
    setpoint_ = 170 + 5 * std::fmod(recipe * 7, 9);
    double hottest = temperature_[0];
    for (const double t : temperature_) hottest = std::max(hottest, t);
    if (hottest > setpoint_ + 1.5) heating_ = false;
    if (hottest < setpoint_ - 1.5) heating_ = true;
    for (std::size_t i = 0; i < zones; ++i) {
        const double lag = 1 + 0.2 * static_cast<double>(i);
        const double heat = heating_ ? 0.35 / lag : 0.0;
        const double loss = (temperature_[i] - 25) * 0.0009 * lag;
        temperature_[i] += (heat - loss) * seconds;
    }
    const double people = load(day_seconds) > 0.5 ? 900 : 430;
    co2_ += (people - co2_) * std::min(1.0, seconds / 1800) + noise_.gaussian(1.0);
}

void SimulatedSensors::sample(std::uint64_t monotonic_ms, Reading& out) {
    const double epoch = epoch_now();
    const double day = std::fmod(epoch, day_s);
    // After a pause (a restart, a suspended process) the machine has not run away.
    const double elapsed = started_ ? std::min(static_cast<double>(monotonic_ms - last_ms_) / 1000, 30.0) : 1.0;
    started_ = true;
    last_ms_ = monotonic_ms;
    advance(elapsed, day);
    switch (kind_) {
        case SensorKind::electrical: electrical(day, epoch, out.electrical); break;
        case SensorKind::thermal: thermal(out.thermal); break;
        case SensorKind::environmental: environmental(day, out.environmental); break;
    }
}

void SimulatedSensors::electrical(double day_seconds, double epoch_seconds, ElectricalReading& out) {
    constexpr double nominal_v = 230;
    const double full_kw = 48 * size_;
    const double pf = std::clamp(0.93 + smoothed(0.004), 0.0, 1.0);
    double total_kw = 0;
    for (std::size_t phase = 0; phase < max_phases; ++phase) {
        const double volts = nominal_v + mains_ + static_cast<double>(phase) * 0.7 + smoothed(0.2);
        const double kw = full_kw / 3 * load(day_seconds) * (1 + smoothed(0.01));
        out.voltage[phase] = fixed(volts, 10);
        out.current[phase] = fixed(kw * 1000 / (volts * pf), 1000);
        total_kw += kw;
    }
    out.power_factor = fixed(pf, 1000);
    out.active_power = fixed(total_kw, 10'000);
    out.frequency = fixed(50 + grid_, 100);
    // The meter counts on while the board is off: energy follows from the calendar, not from this process's life.
    const double since = epoch_seconds - 1'767'225'600;  // 2026-01-01
    const double mean_load = (16.0 * 0.7 + 8.0 * 0.15) / 24;
    const double kwh = std::max(0.0, since) / 3600 * full_kw * mean_load;
    out.energy = fixed(std::min(kwh, 20'000'000.0), 100);
}

void SimulatedSensors::thermal(ThermalReading& out) {
    out.zone_count = zones;
    for (std::size_t i = 0; i < zones; ++i) out.zone[i] = fixed(temperature_[i] + smoothed(0.15), 10);
    out.setpoint = fixed(setpoint_, 10);
    out.heating = heating_ ? Heating::on : Heating::off;
}

void SimulatedSensors::environmental(double day_seconds, EnvironmentalReading& out) {
    const double daily = -std::cos(2 * pi * (day_seconds - 4 * 3600) / day_s);  // coldest at four in the morning
    out.temperature = fixed(23 + 3.5 * daily + smoothed(0.08), 100);
    out.humidity = fixed(std::clamp(48 - 9 * daily + smoothed(0.4), 5.0, 95.0), 100);
    out.pressure = fixed(101'325 + 600 * wave(day_seconds + phase_, 5 * 3600) + smoothed(6), 1);
    out.co2 = fixed(std::clamp(co2_ + smoothed(6), 400.0, 5000.0), 1);
}

}  // namespace egiz::host
