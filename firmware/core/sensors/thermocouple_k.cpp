#include "thermocouple_k.hpp"

#include <cmath>
#include <span>

namespace egiz::sensors {
namespace {

// Coefficients of E(t) in mV, lowest order first.
constexpr double below_zero[] = {
    0.0, 0.394501280250e-1, 0.236223735980e-4, -0.328589067840e-6, -0.499048287770e-8, -0.675090591730e-10,
    -0.574103274280e-12, -0.310888728940e-14, -0.104516093650e-16, -0.198892668780e-19, -0.163226974860e-22,
};
constexpr double above_zero[] = {
    -0.176004136860e-1, 0.389212049750e-1, 0.185587700320e-4, -0.994575928740e-7, 0.318409457190e-9,
    -0.560728448890e-12, 0.560750590590e-15, -0.320207200030e-18, 0.971511471520e-22, -0.121047212750e-25,
};
// The magnetic transition near 127 degC, an exponential on top of the polynomial above 0 degC.
constexpr double bump_height = 0.118597600000;
constexpr double bump_width = -0.118343200000e-3;
constexpr double bump_centre = 0.126968600000e3;

// Coefficients of t(E) in degC, E in mV, with the voltage where each piece ends.
constexpr double inverse_cold[] = {
    0.0, 2.5173462e1, -1.1662878, -1.0833638, -8.9773540e-1, -3.7342377e-1, -8.6632643e-2, -1.0450598e-2, -5.1920577e-4,
};
constexpr double inverse_warm[] = {
    0.0, 2.508355e1, 7.860106e-2, -2.503131e-1, 8.315270e-2, -1.228034e-2, 9.804036e-4, -4.413030e-5, 1.057734e-6,
    -1.052755e-8,
};
constexpr double inverse_hot[] = {
    -1.318058e2, 4.830222e1, -1.646031, 5.464731e-2, -9.650715e-4, 8.802193e-6, -3.110810e-8,
};
constexpr double cold_limit_mv = -5.891;
constexpr double hot_from_mv = 20.644;
constexpr double hot_limit_mv = 54.886;

constexpr double chip_microvolts_per_degree = 41.276;  // MAX31855 data sheet, Table 1, type K

double polynomial(std::span<const double> coefficients, double x) {
    double sum = 0.0;
    for (std::size_t order = coefficients.size(); order-- > 0;) sum = sum * x + coefficients[order];
    return sum;
}

}  // namespace

double type_k_microvolts(double degrees) {
    if (degrees < 0.0) return 1000.0 * polynomial(below_zero, degrees);
    const double distance = degrees - bump_centre;
    return 1000.0 * (polynomial(above_zero, degrees) + bump_height * std::exp(bump_width * distance * distance));
}

Measured type_k_degrees(double microvolts) {
    const double mv = microvolts / 1000.0;
    // Written so that a NaN is out of range too.
    if (!(mv >= cold_limit_mv && mv <= hot_limit_mv)) return Measured::bad(Quality::out_of_range);
    const double degrees = mv < 0.0           ? polynomial(inverse_cold, mv)
                           : mv < hot_from_mv ? polynomial(inverse_warm, mv)
                                              : polynomial(inverse_hot, mv);
    return measured_within(std::lround(degrees * 1000.0), type_k_low_mc, type_k_high_mc);
}

Measured type_k_linearised(std::int32_t hot_mc, std::int32_t cold_mc) {
    const double across = chip_microvolts_per_degree * static_cast<double>(hot_mc - cold_mc) / 1000.0;
    return type_k_degrees(across + type_k_microvolts(static_cast<double>(cold_mc) / 1000.0));
}

}  // namespace egiz::sensors
