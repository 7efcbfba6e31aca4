package shop.invoice;

import com.google.gson.annotations.SerializedName;
import java.math.BigDecimal;
import java.util.List;

/** An order as it comes from outside: nothing is checked, and what is missing is null. */
record Order(
        String order,
        String customer,
        String issued,
        @SerializedName("vat_percent") BigDecimal vatPercent,
        List<Line> lines) {

    /** One product of the order; the price of one piece is in euro cents, tax included. */
    record Line(String title, BigDecimal quantity, @SerializedName("price_cents") BigDecimal priceCents) {}
}
