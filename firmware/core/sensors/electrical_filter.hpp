// The median filters of an electrical board. Energy is a counter and is never filtered.
#pragma once

#include <array>

#include "filter.hpp"

namespace egiz::sensors {

class ElectricalFilter {
  public:
    void set_window(std::size_t samples);
    void apply(ElectricalReading& reading);

  private:
    std::array<MedianFilter, 3> voltage_{};
    std::array<MedianFilter, 3> current_{};
    MedianFilter active_power_;
    MedianFilter power_factor_;
    MedianFilter frequency_;
};

}  // namespace egiz::sensors
