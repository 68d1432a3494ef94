"""What of enforcement is held: orders with their case, accounts of an order with it."""

from apps.enforcement.models import Instruction, Order
from apps.records.reach import part_of

part_of(Order, "case")
part_of(Instruction, "order")
