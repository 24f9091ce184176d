// The two checksums the supported parts use.
#pragma once

#include <cstdint>

#include "wire_bytes.hpp"

namespace egiz::sensors {

// Modbus over Serial Line V1.02, 6.2.2: reflected polynomial A001h, start FFFFh, sent low byte first.
std::uint16_t modbus_crc16(Bytes bytes);

// Sensirion SCD4x data sheet, 3.11: polynomial 31h, start FFh. CRC(BEEFh) = 92h.
std::uint8_t sensirion_crc8(Bytes bytes);

}  // namespace egiz::sensors
