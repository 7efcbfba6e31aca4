package shop.invoice;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An invoice; amounts are in euro cents, and the total is the sum of net and tax. */
record Invoice(String number, String customer, LocalDate issued, int vatPercent, List<Item> items, long totalCents) {
    private static final int MAX_LINES = 50;
    private static final int WIDTH = 44;

    /** One line of the invoice. */
    record Item(String title, int quantity, long cents) {}

    /**
     * The invoice of an order.
     *
     * @throws IllegalArgumentException when a field is missing or out of range
     */
    static Invoice of(Order order) {
        List<Order.Line> lines = order.lines();
        if (lines == null || lines.isEmpty() || lines.size() > MAX_LINES) {
            throw new IllegalArgumentException("lines: allowed is a list of 1 to " + MAX_LINES + " lines");
        }
        List<Item> items = new ArrayList<>();
        for (int index = 0; index < lines.size(); index++) {
            items.add(item(lines.get(index), "lines[" + index + "]"));
        }
        LocalDate issued = date(order.issued());
        return new Invoice(
                issued.getYear() + "-" + text(order.order(), "order"),
                text(order.customer(), "customer"),
                issued,
                whole(order.vatPercent(), "vat_percent", 0, 50),
                List.copyOf(items),
                items.stream().mapToLong(Item::cents).sum());
    }

    /** The tax that the total includes, rounded half up. */
    long vatCents() {
        long divisor = 100L + vatPercent;
        return (2 * totalCents * vatPercent + divisor) / (2 * divisor);
    }

    long netCents() {
        return totalCents - vatCents();
    }

    /** The invoice for people, as plain text in columns. */
    String text() {
        StringBuilder text = new StringBuilder();
        text.append("Invoice ").append(number).append(" of ").append(issued).append('\n');
        text.append("For ").append(customer).append("\n\n");
        for (Item item : items) {
            row(text, item.quantity() + " x " + item.title(), item.cents());
        }
        row(text, "Net", netCents());
        row(text, "VAT " + vatPercent + " %", vatCents());
        row(text, "Total", totalCents);
        return text.toString();
    }

    private static void row(StringBuilder text, String label, long cents) {
        String amount = String.format(Locale.ROOT, "%d.%02d EUR", cents / 100, cents % 100);
        text.append(label).append(" ".repeat(Math.max(1, WIDTH - label.length() - amount.length()))).append(amount).append('\n');
    }

    private static Item item(Order.Line line, String place) {
        if (line == null) {
            throw new IllegalArgumentException(place + ": is missing");
        }
        int quantity = whole(line.quantity(), place + ".quantity", 1, 99);
        int price = whole(line.priceCents(), place + ".price_cents", 0, 10_000_000);
        return new Item(text(line.title(), place + ".title"), quantity, (long) quantity * price);
    }

    private static String text(String value, String place) {
        if (value == null || value.isBlank() || value.length() > 200) {
            throw new IllegalArgumentException(place + ": allowed is a text of 1 to 200 characters");
        }
        return value.strip();
    }

    private static int whole(BigDecimal value, String place, int minimum, int maximum) {
        BigDecimal least = BigDecimal.valueOf(minimum);
        BigDecimal most = BigDecimal.valueOf(maximum);
        if (value == null || value.compareTo(least) < 0 || value.compareTo(most) > 0 || value.stripTrailingZeros().scale() > 0) {
            throw new IllegalArgumentException(place + ": allowed is a whole number of " + minimum + " to " + maximum);
        }
        return value.intValue();
    }

    private static LocalDate date(String value) {
        try {
            return LocalDate.parse(text(value, "issued"));
        } catch (DateTimeParseException error) {
            throw new IllegalArgumentException("issued: allowed is a date such as 2026-11-24", error);
        }
    }
}
