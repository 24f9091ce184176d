#include "atm_source.hpp"

namespace egiz::sensors {
namespace {

constexpr std::uint32_t reset_ms = 6;  // the data sheet asks for 5

}  // namespace

AtmSource::AtmSource(SpiBus& spi, std::uint8_t chip_select, Pause& pause, const AtmCalibration& calibration,
                     std::uint64_t energy_units)
    : spi_(spi), pause_(pause), calibration_(calibration), energy_(energy_units), chip_select_(chip_select) {}

bool AtmSource::read(atm::Register reg, std::uint16_t& value) {
    AtmFrame frame{};
    if (!spi_.transfer(chip_select_, atm_read(reg), frame)) return false;
    value = atm_value(frame);
    if (!spi_.transfer(chip_select_, atm_read(atm::last_spi_data), frame)) return false;
    return atm_value(frame) == value;
}

bool AtmSource::write(AtmWrite write) {
    AtmFrame frame{};
    if (!spi_.transfer(chip_select_, atm_write(write.reg, write.value), frame)) return false;
    if (!spi_.transfer(chip_select_, atm_read(atm::last_spi_data), frame)) return false;
    return atm_value(frame) == write.value;
}

bool AtmSource::set_up() {
    AtmFrame ignored{};
    if (!spi_.transfer(chip_select_, atm_write(atm::soft_reset, atm::reset_key), ignored)) return false;
    pause_.wait_ms(reset_ms);
    for (const AtmWrite& entry : atm_setup(calibration_)) {
        if (!write(entry)) return false;
    }
    return true;
}

bool AtmSource::read_sample(AtmWords& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!read(atm_sample_registers[i], words[i])) return false;
    }
    // Energy last and only from a chip that is set up: reading it clears it.
    if (words[0] != 1) return false;
    std::array<std::uint16_t, 3> forward{};
    for (std::uint16_t phase = 0; phase < 3; ++phase) {
        if (!read(static_cast<atm::Register>(atm::forward_energy_a + phase), forward[phase])) forward[phase] = 0;
    }
    energy_.add(forward);
    return true;
}

ElectricalSample AtmSource::ask(std::uint64_t now_ms) {
    if (!presence_.due(now_ms)) return ElectricalSample::all(presence_.reason());
    AtmWords words{};
    if (!ready_) ready_ = set_up();
    if (ready_) ready_ = read_sample(words);
    if (!ready_) {
        presence_.failed(now_ms);
        return ElectricalSample::all(presence_.reason());
    }
    presence_.answered();
    return atm_decode(words, true, energy_, calibration_.calibrated);
}

void AtmSource::sample(std::uint64_t monotonic_ms, Reading& out) {
    out.kind = SensorKind::electrical;
    out.electrical = to_reading(ask(monotonic_ms));
    filter_.apply(out.electrical);
}

}  // namespace egiz::sensors
